"""stub"""


def evaluate_emotion(network, data):
    return []
