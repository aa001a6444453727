"""Train melody models and compare them: `python train_models.py --help`."""

from chromasonic.cli.train_models import main

if __name__ == "__main__":
    main()
