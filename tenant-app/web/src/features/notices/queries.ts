// The ways in which this person is called, and the company's ways out.
import { queryOptions } from '@tanstack/react-query';
import { api, take } from '../../api/client';
import type { Schemas } from '../../api/types';

export type Channel = Schemas['Channel'];
export type Kind = Channel['kind'];
export type Senders = Schemas['Senders'];

export const channelsQuery = queryOptions({
  queryKey: ['notices', 'channels'],
  queryFn: () => take(api.GET('/api/v1/me/channels')),
});

export const sendersQuery = queryOptions({
  queryKey: ['notices', 'senders'],
  queryFn: () => take(api.GET('/api/v1/notice-senders')),
});

const at = (kind: Kind) => ({ params: { path: { kind } } });

export const tryChannel = (kind: Kind, address?: string) =>
  take(api.POST('/api/v1/me/channels/{kind}/test', { ...at(kind), body: address ? { address } : {} }));

export const confirmChannel = (kind: Kind, code: string) =>
  take(api.POST('/api/v1/me/channels/{kind}/confirm', { ...at(kind), body: { code } }));

export const leaveChannel = (kind: Kind) => take(api.DELETE('/api/v1/me/channels/{kind}', at(kind)));

export const setQuiet = (quiet: { quietFrom: string; quietTo: string }) =>
  take(api.PUT('/api/v1/me/quiet-hours', { body: quiet }));

export const setSenders = (senders: Senders) => take(api.PUT('/api/v1/notice-senders', { body: senders }));

export const trySender = (kind: Kind, address: string) =>
  take(api.POST('/api/v1/notice-senders/{kind}/test', { ...at(kind), body: { address } }));
