"""One call of every constructor in `headway.errors.release`."""

from headway.errors import release

EXAMPLES = {
    "nothing_to_roll_back_to": lambda: release.nothing_to_roll_back_to("prod", "endpoint.delay"),
    "nothing_was_released": lambda: release.nothing_was_released("prod", ["endpoint.delay"], "roll back to"),
    "nothing_is_held": lambda: release.nothing_is_held("prod", "endpoint.delay"),
    "release_is_held": lambda: release.release_is_held("prod", "endpoint.delay", "ab" * 32, "ops", "slow"),
    "nothing_to_promote": lambda: release.nothing_to_promote("staging"),
    "not_an_endpoint": lambda: release.not_an_endpoint("flight-delay", "delay"),
    "no_release_kept": lambda: release.no_release_kept("prod", ".headway/serve/prod"),
    "override_stands": lambda: release.override_stands("prod", "stop", "ops"),
    "release_is_unknown": lambda: release.release_is_unknown("ab" * 32),
    "which_endpoint": lambda: release.which_endpoint("prod", ["delay", "eta"]),
    "no_such_endpoint": lambda: release.no_such_endpoint("prod", "dealy", ["delay", "eta"]),
}
