"""One call of every constructor in `headway.errors.demo`."""

from headway.errors import demo

EXAMPLES = {
    "no_example": lambda: demo.no_example("headway"),
    "folder_is_used": lambda: demo.folder_is_used("here"),
    "server_does_not_start": lambda: demo.server_does_not_start("port 8000 is taken"),
    "server_refuses": lambda: demo.server_refuses(400, "distance: `x` is text"),
    "server_does_not_follow": lambda: demo.server_does_not_follow("3fa9c1d20b77"),
}
