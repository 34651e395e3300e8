// 文件传输助手 by its short address: opens the room with oneself.
import { useEffect, useRef } from 'react';
import { useMe } from '../../app/session';
import { SkeletonRows } from '../../ui/states';
import { useDirect } from './useDirect';

export default function SelfRoom() {
  const me = useMe();
  const direct = useDirect();
  const asked = useRef(false);
  useEffect(() => {
    if (asked.current) return;
    asked.current = true;
    void direct(me.personId);
  }, [direct, me.personId]);
  return <SkeletonRows />;
}
