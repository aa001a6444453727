"""Judge the five companion models: `python evaluate_models.py --help`."""

from chromasonic.cli.evaluate_models import main

if __name__ == "__main__":
    main()
