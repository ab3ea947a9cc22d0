from alliance_stats.data.roles import Roles as Roles
from alliance_stats.data.sessions import LoadReport as LoadReport
from alliance_stats.data.sessions import SessionData as SessionData
