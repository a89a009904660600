"""Model formats: ONNX when it agrees with the native model, the native form when not."""
