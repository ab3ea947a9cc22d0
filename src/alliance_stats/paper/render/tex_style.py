"""The preamble of a manuscript in LaTeX: APA style with the packages that every TeX has."""

from __future__ import annotations

from alliance_stats.paper.render.tex_text import Page

#: Lines of 21 cm less two margins.
PAGE = Page(line=453.0, ragged=True)
_PREAMBLE = r"""\documentclass[12pt,a4paper]{article}
\usepackage[utf8]{inputenc}
\usepackage[T1]{fontenc}
\usepackage{mathptmx}
\usepackage[margin=2.54cm,headheight=15pt]{geometry}
\usepackage{setspace}
\usepackage{graphicx}
\usepackage{caption}
\usepackage{fancyhdr}
\usepackage[hidelinks]{hyperref}
\urlstyle{same}
\doublespacing
\raggedright
\setlength{\parindent}{1.27cm}
\captionsetup{labelfont=bf,textfont=it,labelsep=newline,justification=raggedright,
  singlelinecheck=off,skip=4pt}
\pagestyle{fancy}
\fancyhf{}
\fancyhead[R]{\thepage}
\renewcommand{\headrulewidth}{0pt}
\makeatletter
\renewcommand{\section}{\@startsection{section}{1}{0pt}{12pt}{1pt}%
  {\normalfont\normalsize\bfseries\centering}}
\renewcommand{\subsection}{\@startsection{subsection}{2}{0pt}{12pt}{1pt}%
  {\normalfont\normalsize\bfseries}}
\renewcommand{\subsubsection}{\@startsection{subsubsection}{3}{0pt}{12pt}{1pt}%
  {\normalfont\normalsize\bfseries\itshape}}
\makeatother
\newenvironment{references}{\setlength{\parindent}{-1.27cm}\setlength{\leftskip}{1.27cm}}{\par}"""


def preamble(title: str, plain: str, running: str) -> str:
    """Everything before the text: style, running head, the file's title and language.

    Parameters
    ----------
    title, plain, running : str
        The title as LaTeX, without marks, and as running head; all escaped, or all empty.
    """
    if not title:
        return _PREAMBLE
    head = f"\\fancyhead[L]{{{running}}}"
    return f"{_PREAMBLE}\n{head}\n\\hypersetup{{pdftitle={{{plain}}},pdflang={{en-GB}}}}"
