"""One example of every error that the data plane can give."""

from __future__ import annotations

from headway.errors import serve

RELEASE = "3f9a21c07b55" + "0" * 52
INCIDENT = "0199aabb-0000-7000-8000-000000000000"

EXAMPLES = {
    "unknown_path": lambda: serve.unknown_path("/v1/models/delay"),
    "unknown_model": lambda: serve.unknown_model("dealy", ["delay", "rents"]),
    "unknown_version": lambda: serve.unknown_version("delay", "000000", ["3f9a21c07b55"]),
    "wrong_method": lambda: serve.wrong_method("GET", "POST"),
    "wrong_content_type": lambda: serve.wrong_content_type("application/x-www-form-urlencoded"),
    "too_large": lambda: serve.too_large(8 * 1024 * 1024),
    "too_slow_body": lambda: serve.too_slow_body(30.0),
    "not_json": lambda: serve.not_json("JSON is malformed: invalid character (byte 3)"),
    "breaks_protocol": lambda: serve.breaks_protocol("$.inputs[0].shape", "Expected [n], got [2, 3]"),
    "no_rows": serve.no_rows,
    "unknown_output": lambda: serve.unknown_output("probabilty", ["probability", "label"]),
    "over_rate": lambda: serve.over_rate("delay", 500.0),
    "stopped": lambda: serve.stopped("delay"),
    "not_ready": lambda: serve.not_ready("delay"),
    "features_unavailable": lambda: serve.features_unavailable("delay", "weather_hourly"),
    "over_time": lambda: serve.over_time("delay", 0.2),
    "not_finite": lambda: serve.not_finite("delay", 3),
    "product_failed": lambda: serve.product_failed(RELEASE, INCIDENT),
    "incident": lambda: serve.incident(INCIDENT),
    "model_failed": lambda: serve.model_failed("delay", ValueError("could not convert string to float")),
    "not_servable": lambda: serve.not_servable(RELEASE, "it has no model.onnx"),
    "wrong_library": lambda: serve.wrong_library(RELEASE, "scikit-learn", "1.9.1", "1.8.0"),
    "port_taken": lambda: serve.port_taken("127.0.0.1", 8000, "Address already in use"),
    "not_loopback": lambda: serve.not_loopback("0.0.0.0"),
    "nothing_to_serve": lambda: serve.nothing_to_serve("somewhere"),
    "route_needs_key": serve.route_needs_key,
    "not_packable": lambda: serve.not_packable("weather_hourly", "a key is of type float"),
    "online_damaged": lambda: serve.online_damaged("its checksum is wrong"),
    "log_unwritable": lambda: serve.log_unwritable("predictions", "Permission denied"),
}
