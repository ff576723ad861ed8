"""From the bytes of a photograph to its faces: decode, detect, align, embed, measure."""
