/** The channels of a file: what they hold, and which of them is the drums'. */
const $ = (id) => document.getElementById(id);
const GENERAL_MIDI = 10;

/** Whether somebody has yet to say where the file's drums are. */
export function isOpen({data}) {
  return data.channel === null;
}

/** What a file holds, in words. */
export function toldFile(source) {
  const {bars, hits, others, tempo} = source.data;
  const other = others ? `${others} ${others === 1 ? 'note' : 'notes'} of other parts stay as they are` : '';
  if (isOpen(source)) return 'It has no notes on channel 10, where drums stand in General MIDI. Choose the channel that holds its drums.';
  return [
    `${hits} drum ${hits === 1 ? 'hit' : 'hits'} in ${bars} ${bars === 1 ? 'bar' : 'bars'}, ${Math.round(tempo)} beats a minute`,
    other,
  ].filter(Boolean).join('; ');
}

/** Offer the channels that hold notes, where there is something to choose. */
export function showChannels(source) {
  const {channel = GENERAL_MIDI, channels = []} = source.data;
  const open = isOpen(source);
  $('channel').replaceChildren(
    ...(open ? [new Option('Choose a channel …', '', true, true)] : []),
    ...channels.map((one) => new Option(words(one), one.channel)),
  );
  if (open) $('channel').options[0].disabled = true;
  else $('channel').value = channel;
  $('channel-field').hidden = !open && channels.length < 2;
  $('channel-told').hidden = !open && channel === GENERAL_MIDI;
  $('quantize-field').hidden = open;
}

function words({channel, notes, names, instruments}) {
  const count = `${notes} ${notes === 1 ? 'note' : 'notes'}`;
  return `Channel ${channel}: ${[count, ...names.map((name) => `“${name}”`), ...instruments].join(', ')}`;
}
