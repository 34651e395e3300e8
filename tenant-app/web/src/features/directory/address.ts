// The address of what the directory shows: /directory/<place>?person=<id>.
import { useCallback } from 'react';
import { useLocation, useParams, useSearch } from 'wouter';

export const personAddress = (place: string, person: string): string =>
  `/directory${place ? `/${place}` : ''}?person=${person}`;

/** Where the page is, and how to close the person. */
export function useAddress() {
  const [path, navigate] = useLocation();
  const place = useParams<{ department?: string }>().department ?? '';
  const person = new URLSearchParams(useSearch()).get('person') ?? undefined;
  const closePerson = useCallback(() => navigate(path, { replace: true }), [navigate, path]);
  return { place, person, closePerson };
}
