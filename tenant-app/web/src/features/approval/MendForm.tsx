// One that was returned, mended.
import { useQuery } from '@tanstack/react-query';
import { useLocation, useParams } from 'wouter';
import { useLanguage } from '../../i18n';
import type { OutboxBlob } from '../../offline/outbox';
import { Blank, Failed, SkeletonRows } from '../../ui/states';
import { FormEditor } from './FormEditor';
import classes from './FormPage.module.css';
import { Frame } from './Frame';
import { type Approvers, said, stillAsked, type Values } from './model';
import { resubmit } from './outgoing';
import { approvalQuery, sheetQuery } from './queries';

const none: never[] = [];

export default function MendForm() {
  const { t, lang } = useLanguage();
  const { item: id = '' } = useParams<{ item?: string }>();
  const [, navigate] = useLocation();
  const { data: detail, error, refetch } = useQuery(approvalQuery(id));
  const { data: sheet } = useQuery({
    ...sheetQuery(detail?.form.key ?? '', detail?.form.version),
    enabled: detail !== undefined,
  });
  const back = `/work/mine/${id}`;
  if (!detail || !sheet)
    return (
      <Frame title={t('approval.mend')} back={back}>
        {error ? <Failed error={error} retry={() => void refetch()} /> : <SkeletonRows />}
      </Frame>
    );
  const title = said(sheet.name, lang);
  if (detail.status !== 'returned')
    return (
      <Frame title={title} back={back}>
        <Blank icon="info" title={t('approval.notReturned')} />
      </Frame>
    );
  const why = detail.timeline.findLast((m) => m.verb === 'return');
  const send = async (values: Values, approvers: Approvers, blobs: OutboxBlob[]) => {
    const named = Object.keys(approvers).length > 0 ? { approvers } : {};
    await resubmit({ id, values, comment: '', ...named }, detail.revision, blobs);
    navigate(back, { replace: true });
  };
  return (
    <Frame title={title} back={back}>
      {why && (
        <p className={classes.why}>
          {t('approval.returnedBy', { name: why.person?.name ?? '', why: why.comment ?? '' })}
        </p>
      )}
      <p className={classes.most}>{t(detail.resumes ? 'approval.goesOn' : 'approval.startsAnew')}</p>
      <FormEditor
        sheet={sheet}
        start={stillAsked(sheet, detail.values, true)}
        chosen={{}}
        blobs={none}
        files={detail.files}
        submit={t('approval.resubmit')}
        onSubmit={send}
      />
    </Frame>
  );
}
