"""Train the five companion models: `python train_all_models.py --help`."""

from chromasonic.cli.train_all_models import main

if __name__ == "__main__":
    main()
