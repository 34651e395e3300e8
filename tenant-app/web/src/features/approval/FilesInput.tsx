// The files of a form: picked here, they go along when it is sent; those that the server has are told by it.
import { Button, Input } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { createContext, useContext, useRef } from 'react';
import { useLanguage } from '../../i18n';
import { formatSize } from '../../i18n/format';
import { Icon } from '../../ui/Icon';
import classes from './Inputs.module.css';
import { fileQuery } from './queries';

type Known = { id: string; name: string; size: number };

export const FormFiles = createContext<{
  known: ReadonlyMap<string, Known>;
  /** Takes files along, and gives their ids. */
  add: (files: File[]) => string[];
}>({ known: new Map(), add: () => [] });

type Props = {
  label: string;
  description: string | undefined;
  withAsterisk: boolean;
  error: string | undefined;
  'data-field': string;
  ids: string[];
  most: number;
  onChange: (ids: string[]) => void;
};

export function FilesInput({ ids, most, onChange, label, description, error, withAsterisk, ...rest }: Props) {
  const { t } = useLanguage();
  const { add } = useContext(FormFiles);
  const input = useRef<HTMLInputElement>(null);
  const chosen = (event: React.ChangeEvent<HTMLInputElement>) => {
    onChange([...ids, ...add([...(event.currentTarget.files ?? [])].slice(0, most - ids.length))]);
    event.currentTarget.value = '';
  };
  return (
    <Input.Wrapper
      label={label}
      labelElement="div"
      error={error}
      description={description}
      withAsterisk={withAsterisk}
    >
      <div className={classes.files} {...rest}>
        {ids.length > 0 && (
          <ul aria-label={label}>
            {ids.map((id) => (
              <Item key={id} id={id} onDrop={() => onChange(ids.filter((other) => other !== id))} />
            ))}
          </ul>
        )}
        <input ref={input} type="file" multiple hidden onChange={chosen} />
        <Button
          variant="light"
          leftSection={<Icon name="clip" size={16} />}
          disabled={ids.length >= most}
          onClick={() => input.current?.click()}
        >
          {t('approval.addFiles')}
        </Button>
      </div>
    </Input.Wrapper>
  );
}

function Item({ id, onDrop }: { id: string; onDrop: () => void }) {
  const { t, lang } = useLanguage();
  const here = useContext(FormFiles).known.get(id);
  const { data } = useQuery({ ...fileQuery(id), enabled: here === undefined });
  const file = here ?? data;
  return (
    <li>
      <Icon name="file" />
      <span>
        {file?.name ?? '…'} {file && <small>{formatSize(lang, file.size)}</small>}
      </span>
      <button type="button" aria-label={t('approval.dropFile', { name: file?.name ?? '' })} onClick={onDrop}>
        <Icon name="close" size={16} />
      </button>
    </li>
  );
}
