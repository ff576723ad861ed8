-- Name, length and sha256 of the network that gave the embedding; until now there was one alone.
ALTER TABLE face ADD COLUMN descriptor TEXT NOT NULL DEFAULT 'dlib_face_recognition_resnet_model_v1, 128 numbers, sha256 55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30';
UPDATE photo SET analysed_by = analysed_by || ', described by dlib_face_recognition_resnet_model_v1, 128 numbers, sha256 55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30'
WHERE analysed_by != '';
