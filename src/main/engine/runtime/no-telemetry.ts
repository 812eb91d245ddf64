/**
 * ONNX Runtime's Linux build writes a device id into the user's cache folder and knows an address to report to. Madder
 * reports nothing to anybody: this module is imported before the runtime, which reads the variable when it is loaded.
 */
process.env['ORT_DISABLE_TELEMETRY'] ??= '1';
