// One suggestion: what was put in, what was said, and at the bottom what can be said or done.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useT } from '../../i18n';
import { useCalmRate } from '../../live/client';
import { Failed, SkeletonRows } from '../../ui/states';
import { Frame } from '../approval/Frame';
import type { Verb } from './model';
import { act, keepAnswer, suggestionQuery } from './queries';
import { Reply } from './Reply';
import { State } from './State';
import { Told } from './Told';

const calmMs = 15_000;
const back = '/work/suggestions';

export default function SuggestionPage({ id }: { id: string }) {
  const t = useT();
  const client = useQueryClient();
  const rate = useCalmRate(calmMs);
  const { data, error, isFetching, refetch } = useQuery({ ...suggestionQuery(id), refetchInterval: rate });
  const doing = useMutation({
    mutationFn: ({ verb, text }: { verb: Verb; text: string }) => act(id, verb, text),
    onSuccess: (answer) => keepAnswer(client, answer),
  });
  if (!data)
    return (
      <Frame back={back} title={t('desk.one')}>
        {error && !isFetching ? <Failed error={error} retry={() => void refetch()} /> : <SkeletonRows />}
      </Frame>
    );
  return (
    <Frame
      back={back}
      title={data.title}
      above={<State state={data.state} />}
      foot={
        <Reply
          actions={data.actions}
          busy={doing.isPending}
          error={doing.error}
          onDo={(verb, text) => doing.mutateAsync({ verb, text })}
        />
      }
    >
      <Told detail={data} />
    </Frame>
  );
}
