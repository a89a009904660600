"""One call of every constructor in `headway.errors.sharing`."""

from headway.errors import sharing

GROUP = "weather/hourly"
FOLDER = "../weather"

EXAMPLES = {
    "shared_group_has_no_commit": lambda: sharing.shared_group_has_no_commit(
        GROUP, 1, "prod", FOLDER, ["dev"]
    ),
    "shared_feature_is_not_there": lambda: sharing.shared_feature_is_not_there(
        GROUP, "wind_sped", "headway.yaml:14", ["wind_speed", "gust"]
    ),
    "shared_group_has_another_key": lambda: sharing.shared_group_has_another_key(
        GROUP, ["origin", "runway"], ["origin"], FOLDER
    ),
    "shared_rows_fail": lambda: sharing.shared_rows_fail(
        GROUP, FOLDER, "data file `abababababab` of table `weather.hourly/v1` is missing"
    ),
    "group_is_of_another_product": lambda: sharing.group_is_of_another_product(
        "feature_group.weather/hourly@2", FOLDER, "group restore feature_group.hourly@2"
    ),
    "shared_commit_is_not_released": lambda: sharing.shared_commit_is_not_released(GROUP, 4, "prod", FOLDER),
}
