"""`python -m facecorpus` is the command `facecorpus`."""

from facecorpus.cli import main

if __name__ == "__main__":
    main()
