"""How the segmenter is trained: samples, augmentation, loss, the verb."""
