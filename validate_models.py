"""Check the five exported models: `python validate_models.py --help`."""

from chromasonic.cli.validate_models import main

if __name__ == "__main__":
    main()
