"""The words of `rule_guide`: rule -> (gravity, why, what helps)."""

from __future__ import annotations

FOUR: dict[str, tuple[str, str, str]] = {
    # One voicing.
    "range": (
        "weakness",
        "A voice at the edge of its compass sounds strained or dull.",
        "Move the whole chord into closer or wider position.",
    ),
    "spacing": (
        "fault",
        "Upper voices far apart no longer sound as one chord.",
        "Bring the lower of the two up by an octave, or exchange chord tones.",
    ),
    "low_gap": (
        "taste",
        "A tenor far above the bass leaves a hole in the middle of the sound.",
        "Let the bass take its note an octave higher.",
    ),
    "crossing": (
        "fault",
        "When voices cross, the ear follows the wrong one.",
        "Exchange the two notes between the voices.",
    ),
    "unison": (
        "taste",
        "Two voices on one pitch: the chord is thinner by a voice.",
        "Give one of them another chord tone, unless both arrive by step.",
    ),
    "foreign_tone": (
        "weakness",
        "On the beat this tone does not belong to the chord; a suspension or a passing tone may.",
        "Prepare it and let it fall by step, or take a tone of the chord.",
    ),
    "missing_third": (
        "fault",
        "Without its third a chord is neither major nor minor.",
        "Give the third to a voice that has a doubled root or fifth.",
    ),
    "missing_fifth": (
        "taste",
        "The fifth may be left out, and fuller chords sound better.",
        "Give it to one of the voices that share the root, if the voice leading allows it.",
    ),
    "missing_seventh": (
        "weakness",
        "A seventh chord without its seventh is only its triad.",
        "Let a voice have the seventh, falling by step afterwards.",
    ),
    "doubled_leading_tone": (
        "fault",
        "Both leading tones want to rise to the tonic: one of them must break off, or they move in "
        "octaves.",
        "Double the root or the fifth instead.",
    ),
    "doubled_seventh": (
        "fault",
        "Both sevenths want to fall by the same step, and would move in octaves.",
        "Double the root instead.",
    ),
    "doubled_third": (
        "taste",
        "The third colours a major chord strongly; twice it is too much.",
        "Double the root.",
    ),
    "doubled_fifth": (
        "taste",
        "The root is the firmer tone to double.",
        "Double the root.",
    ),
    "secondary_chord": (
        "taste",
        "Chords such as iii are rarer than the pillars of the key, and fine for a change.",
        "Nothing, or one of I, ii, IV, V, vi.",
    ),
    "chromatic_chord": (
        "taste",
        "A chord with tones from outside the key draws attention to itself.",
        "Nothing, if it leads where it points.",
    ),
    "minor_dominant": (
        "weakness",
        "In minor the dominant pulls towards the tonic only with its leading tone.",
        "Raise the third of the chord, unless the bass is walking down through it.",
    ),
    "seventh_chord": (
        "taste",
        "Each seventh is a dissonance to be led; too many blur the cadences.",
        "Nothing, or the plain triad.",
    ),
    "plain_seventh": (
        "taste",
        "A seventh on a chord that is no dominant has no goal of its own.",
        "Nothing, if it falls by step; or the plain triad.",
    ),
    "first_inversion": (
        "taste",
        "An inversion is lighter than the root in the bass, which is often just what is wanted.",
        "Nothing, or the root in the bass where weight is wanted.",
    ),
    "second_inversion": (
        "weakness",
        "A six-four chord is unstable: its fourth over the bass wants to resolve.",
        "Keep it for the cadence, for passing, or over a bass that stays.",
    ),
    "low_seventh": (
        "taste",
        "With its fifth or seventh in the bass a seventh chord stands on its weakest foot.",
        "Let the bass go on by step.",
    ),
    "diminished_root": (
        "weakness",
        "With its root below, a diminished triad has its tritone bare against the bass.",
        "Put its third into the bass.",
    ),
    "melody_clash": (
        "taste",
        "Within this beat the melody sounds tones that the chord lacks; passing tones do so.",
        "Nothing for passing tones; where the melody leaps, a chord that holds both tones.",
    ),
    "opening": (
        "taste",
        "A phrase that opens on tonic or dominant says at once where it is at home.",
        "Begin with I or V.",
    ),
    "cadence": (
        "weakness",
        "A phrase should come to rest on a triad with its root below: I, V or vi.",
        "End it on one of them, and prepare it from the chord before.",
    ),
    "final": (
        "fault",
        "The piece does not come home.",
        "End on the tonic with its root in the bass.",
    ),
    # One voice.
    "skip": (
        "taste",
        "Inner voices are easiest to sing, and hardly noticed, when they move by step.",
        "Nothing, or the nearest chord tone.",
    ),
    "leap": (
        "taste",
        "A leap in an inner voice is heard as a melody where none is meant.",
        "Take the nearest chord tone.",
    ),
    "bass_skip": (
        "taste",
        "The bass may leap from root to root; a stepwise bass is smoother.",
        "Nothing, or an inversion that lets it step.",
    ),
    "idle_bass": (
        "taste",
        "A bass that repeats its note gives no motion to the beat.",
        "Move it by an octave, or to another member of the chord.",
    ),
    "wide_leap": (
        "weakness",
        "Leaps beyond a fifth are hard to sing in a lower voice.",
        "Exchange chord tones between the voices.",
    ),
    "bass_leap": (
        "weakness",
        "A seventh, or more than an octave, is not sung in the bass.",
        "Take the note in the nearer octave.",
    ),
    "tritone_leap": (
        "weakness",
        "A leap by a tritone is hard to hit.",
        "Approach the note from the other side, or by step.",
    ),
    # Two voices.
    "parallel_fifths": (
        "fault",
        "Two voices that keep the same fifth between them stop being two voices.",
        "Let one of them move the other way, or take another member of the chord.",
    ),
    "parallel_octaves": (
        "fault",
        "In octaves or unisons one of the four voices is lost.",
        "Let one of them move the other way, or double another tone.",
    ),
    "contrary_perfect": (
        "weakness",
        "A fifth to a twelfth, or an octave to a fifteenth, is a parallel in disguise.",
        "Keep it for cadences; else change one of the voices.",
    ),
    "hidden_fifths": (
        "weakness",
        "Outer voices that leap together into a fifth make it stick out.",
        "Let the soprano step, or the bass move against it.",
    ),
    "hidden_octaves": (
        "weakness",
        "Outer voices that leap together into an octave make it stick out.",
        "Let the soprano step, or the bass move against it.",
    ),
    "overlap": (
        "weakness",
        "A voice goes past where its neighbour just was, and the ear takes one for the other.",
        "Keep each voice on its own side of the neighbour's last note.",
    ),
    "similar_outer": (
        "taste",
        "Soprano and bass are most independent when they move against each other.",
        "Nothing, or contrary motion.",
    ),
    # One voice and its chords.
    "leading_tone": (
        "fault",
        "In an outer voice everybody hears that the leading tone does not reach the tonic.",
        "Let it rise by a semitone.",
    ),
    "inner_leading_tone": (
        "weakness",
        "The leading tone wants to rise; in an inner voice it may fall to complete the chord.",
        "Let it rise, unless the chord would lack its fifth.",
    ),
    "seventh": (
        "fault",
        "The seventh is a dissonance, and resolves down by step.",
        "Let it fall by step in the same voice.",
    ),
    "augmented_interval": (
        "fault",
        "Augmented seconds and fourths are hard to sing and stand out.",
        "Go the other way round, or through another chord tone.",
    ),
    # All voices.
    "same_direction": (
        "weakness",
        "When all four move one way they sound like one mass.",
        "Let the bass move against the others.",
    ),
    "false_relation": (
        "weakness",
        "A note and its alteration in different voices contradict each other.",
        "Make the chromatic step in one voice.",
    ),
    # Chord to chord.
    "retrogression": (
        "weakness",
        "A dominant that goes back to ii or IV lets the tension go to no purpose.",
        "Turn the two chords round, or go to I or vi.",
    ),
    "weak_progression": (
        "weakness",
        "The roots do not lead from one to the other.",
        "Roots that fall by fifth or third, or rise by step, carry further.",
    ),
    "applied_unresolved": (
        "fault",
        "An applied dominant announces a chord that does not come.",
        "Go to the chord it points to, or to another dominant of it.",
    ),
    "six_four": (
        "weakness",
        "The bass of a six-four chord should step or stay at both sides, or lead to V.",
        "Use the chord in another position.",
    ),
    "static_barline": (
        "taste",
        "A new bar wants a new chord; held over, the accent is lost.",
        "Change the chord on the downbeat.",
    ),
    "static": (
        "taste",
        "The melody moves on and the harmony stands.",
        "Nothing, or another position of the chord.",
    ),
    "abrupt_key": (
        "weakness",
        "The new key comes without a chord that belongs to both.",
        "Put a chord between that is at home in either.",
    ),
    "close_without_dominant": (
        "weakness",
        "A close on the tonic convinces when its dominant comes before.",
        "Put V before the last chord of the phrase.",
    ),
    "inverted_close": (
        "weakness",
        "A cadence is strongest from V with its root in the bass.",
        "Let the bass fall from the fifth degree to the first.",
    ),
    "late_tonic": (
        "taste",
        "The tonic sounds already before the close, which takes its effect away.",
        "Keep it for the close.",
    ),
}

TWO: dict[str, tuple[str, str, str]] = {
    "dissonance": ("fault", "Note against note, only consonances may stand.",
                   "Take a third, fifth, sixth or octave below the melody."),
    "perfect_within": ("taste", "Fifths and octaves sound hollow within a phrase.",
                       "Take a third or a sixth."),
    "unison": ("weakness", "On a unison the second voice disappears.",
               "Keep it for beginning and end."),
    "crossing": ("fault", "The melody goes below its second voice.", "Take a lower note."),
    "far_apart": ("weakness", "More than two octaves apart, the voices no longer meet.",
                  "Take the note an octave higher."),
    "range": ("weakness", "The second voice is out of its comfortable range.",
              "Take the note in another octave."),
    "doubled_leading_tone": ("fault", "Two leading tones want the same tonic.",
                             "Take another consonance."),
    "cadence": ("weakness", "A phrase should rest on the tonic or the dominant.",
                "End on one of them."),
    "opening": ("taste", "A phrase that begins on tonic or dominant is at home at once.",
                "Begin on one of them."),
    "final": ("fault", "The piece does not come home.", "End on the tonic."),
    "stays": ("taste", "A repeated note is no counterpoint.", "Move by step."),
    "skip": ("taste", "Steps are easier to sing than skips.", "Nothing, or a step."),
    "leap": ("taste", "Leaps beyond a third want a reason.", "Nothing, or a smaller interval."),
    "wide_leap": ("weakness", "A leap beyond a fifth is hard to sing.", "Go by way of a third."),
    "bass_leap": ("weakness", "A seventh, or more than an octave, is not sung.",
                  "Take the nearer octave."),
    "tritone_leap": ("weakness", "A leap by a tritone is hard to hit.", "Go by step."),
    "leading_tone": ("weakness", "The leading tone wants to rise by step.",
                     "Let it go to the tonic."),
    "cross_relation": ("weakness", "Raised and natural seventh contradict each other.",
                       "Put another note between."),
    "augmented_second": ("fault", "An augmented second is hard to sing.",
                         "Go the other way round."),
    "contrary": ("merit", "Voices that move against each other are two voices.", "Go on so."),
    "similar": ("taste", "Voices that move the same way sound like one.",
                "Nothing, or contrary motion."),
    "parallel_fifths": ("fault", "Two voices in parallel fifths stop being two.",
                        "Let one of them move the other way."),
    "parallel_octaves": ("fault", "In octaves the second voice is lost.",
                         "Let one of them move the other way."),
    "contrary_perfect": ("weakness", "A parallel in disguise.", "Change one of the notes."),
    "hidden_fifths": ("weakness", "Moving the same way into a fifth makes it stick out.",
                      "Move against the melody."),
    "hidden_octaves": ("weakness", "Moving the same way into an octave makes it stick out.",
                       "Move against the melody."),
    "overlap": ("weakness", "A voice goes past where the other just was.",
                "Keep to its own side."),
}  # fmt: skip
