"""From the checkpoints of Spleeter to ONNX models, without TensorFlow; needs the package onnx."""
