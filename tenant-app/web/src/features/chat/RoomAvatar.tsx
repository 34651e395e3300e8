// The picture of a room: of the other person, or a sign for a group.
import { Icon, type IconName } from '../../ui/Icon';
import { PersonAvatar } from '../../ui/PersonAvatar';
import type { Room } from './model';
import classes from './RoomAvatar.module.css';

const signs: Record<Exclude<Room['kind'], 'direct'>, IconName> = {
  group: 'people',
  department: 'building',
  self: 'folder',
  assistant: 'bell',
};

export function RoomAvatar({ room, size = 44 }: { room: Room; size?: number }) {
  if (room.peer) {
    return <PersonAvatar id={room.peer.id} text={room.peer.avatarText} src={room.peer.avatar} size={size} />;
  }
  const sign = room.kind === 'direct' ? 'person' : signs[room.kind];
  return (
    <span
      className={classes.sign}
      data-kind={room.kind}
      style={{ width: size, height: size }}
      aria-hidden="true"
    >
      <Icon name={sign} size={Math.round(size * 0.5)} />
    </span>
  );
}
