"""``python -m speech_emotion`` is ``ser-predict``."""

from speech_emotion.serving.command_line import command

if __name__ == "__main__":
    command()
