"""What is made of dlib's weights: its detectors and its descriptor."""
