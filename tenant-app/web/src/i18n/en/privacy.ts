// Consent: who agreed to the texts.
export default {
  'admin.consents': 'Consent',

  'consents.hint':
    'Everybody reads and agrees to the user agreement and the privacy policy when they first sign in, and again when these change. Now: edition {edition} ({since}).',
  'consents.all': 'All',
  'consents.open': 'Not yet',
  'consents.search': 'Find by name',
  'consents.none': 'Nothing here',
  'consents.allAgreed': 'Everybody has agreed',
  'consents.which': 'Whom to show',
  'consents.from': 'Edition {edition} · {at} · {address}',
  'consents.withdrawnAt': 'withdrawn {at}',
  'consents.agreed': 'Agreed',
  'consents.outdated': 'Agreed to an earlier edition',
  'consents.withdrawn': 'Withdrawn',
  'consents.unasked': 'Not yet',
  'consents.left': 'Cannot sign in any more',
  'consents.noAddress': 'address unknown',

  'about.terms': 'User agreement',
  'about.policy': 'Privacy policy',
  'about.consent': 'Privacy and consent',

  'error.consent_needed': 'Please read and agree to the user agreement and the privacy policy first',

  'right.privacy': 'Privacy',
  'right.privacy.read': 'See who agreed',
  'right.privacy.read.hint': 'Who agreed to which edition of the texts and when, also as a file',
};
