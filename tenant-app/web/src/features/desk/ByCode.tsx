// 凭码查看: the author of an anonymous suggestion reads the answer, and says more. Nothing of it stays on the device.
import { TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { fieldMessages } from '../../api/problem';
import { useT } from '../../i18n';
import { Form } from '../../ui/Form';
import { Frame } from '../approval/Frame';
import { type Detail, isCode } from './model';
import { followUp, lookUp } from './queries';
import { Reply } from './Reply';
import { State } from './State';
import { Told } from './Told';

const back = '/work/suggestions';

export default function ByCode() {
  const t = useT();
  const [code, setCode] = useState('');
  const [found, setFound] = useState<Detail>();
  const look = useMutation({ mutationFn: () => lookUp(code), gcTime: 0, onSuccess: setFound });
  const more = useMutation({
    mutationFn: (text: string) => followUp(code, text),
    gcTime: 0,
    onSuccess: setFound,
  });
  if (found)
    return (
      <Frame
        back={back}
        title={found.title}
        above={<State state={found.state} />}
        foot={
          <Reply
            actions={found.actions}
            busy={more.isPending}
            error={more.error}
            onDo={(_, text) => more.mutateAsync(text)}
          />
        }
      >
        <Told detail={found} />
      </Frame>
    );
  return (
    <Frame back={back} title={t('desk.byCode')}>
      <Form
        error={look.error}
        busy={look.isPending}
        submit={t('approval.look')}
        onSubmit={() => look.mutate()}
        disabled={!isCode(code)}
      >
        <TextInput
          label={t('desk.code')}
          description={t('desk.codeHint')}
          value={code}
          onChange={(event) => setCode(event.currentTarget.value)}
          maxLength={40}
          autoComplete="off"
          spellCheck={false}
          error={fieldMessages(look.error, t).code}
        />
      </Form>
    </Frame>
  );
}
