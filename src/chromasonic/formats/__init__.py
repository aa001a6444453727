"""Files to music and back: ABC, MIDI, MusicXML, scores, sound."""
