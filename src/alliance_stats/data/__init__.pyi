from alliance_stats.data.centering import center as center
from alliance_stats.data.describe import LevelsDescription as LevelsDescription
from alliance_stats.data.describe import describe_levels as describe_levels
from alliance_stats.data.examples import load_example as load_example
from alliance_stats.data.load import load_sessions as load_sessions
from alliance_stats.data.roles import Roles as Roles
from alliance_stats.data.sessions import LoadReport as LoadReport
from alliance_stats.data.sessions import SessionData as SessionData
