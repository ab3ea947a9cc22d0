"""A process study: three treatments, three views of the alliance, a mediator."""
