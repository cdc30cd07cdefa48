"""params.yaml as typed sections, one module per stage: an option of one never reruns another.

The sections ``augment`` and ``featurize`` are put together from the modules of
`speech_emotion.audio.variants` and `speech_emotion.features`, and lie there.
"""
