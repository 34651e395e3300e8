package notify

import (
	"context"
	"fmt"
	"time"
)

// sealPause is between two tries to seal anew at the start.
const sealPause = 30 * time.Second

// SealAnew does at a start what otherwise is done once a day, and tries until it is done
// or ctx ends. A copy of a company, whose jobs rest while it calls nobody, so needs the
// key of the company that it is of no longer than until its app has started.
func (s *Service) SealAnew(ctx context.Context) {
	for {
		err := s.reseal(ctx)
		if err == nil || ctx.Err() != nil {
			return
		}
		s.Log.WarnContext(ctx, "what an earlier key sealed is not sealed anew yet", "error", err.Error())
		select {
		case <-ctx.Done():
		case <-time.After(sealPause):
		}
	}
}

// reseal seals with the key that seals now what was kept unsealed, or with an earlier
// key. What no key opens stays as it is: whoever uses it is told.
func (s *Service) reseal(ctx context.Context) error {
	if !s.Sealer.Ready() {
		s.Log.WarnContext(ctx, "there is no key to seal secrets with: the operator is older than this program, upgrade it")
		return nil
	}
	return s.DB.InTx(ctx, func(ctx context.Context) error {
		// Whoever changes them meanwhile waits, and seals by themselves.
		if _, err := s.DB.Q(ctx).NewRaw(`SELECT FROM setting WHERE key IN (?, ?) ORDER BY key FOR UPDATE`, sendersKey, vapidKey).Exec(ctx); err != nil {
			return fmt.Errorf("read what is to be sealed: %w", err)
		}
		if err := s.resealSenders(ctx); err != nil {
			return err
		}
		var k keys
		revision, err := s.DB.Setting(ctx, vapidKey, &k)
		if err != nil || revision == 0 || !s.fresher(ctx, vapidPlace, &k.Private) {
			return err
		}
		_, err = s.DB.Decide(ctx, vapidKey, k, s.Clock())
		return err
	})
}

func (s *Service) resealSenders(ctx context.Context) error {
	kept, err := s.senders(ctx)
	if err != nil {
		return err
	}
	changed := kept.Mail != nil && s.fresher(ctx, mailPlace, &kept.Mail.Password)
	for kind, h := range kept.Hooks {
		if s.fresher(ctx, hookPlace+kind, &h.Secret) {
			kept.Hooks[kind], changed = h, true
		}
	}
	if !changed {
		return nil
	}
	_, err = s.DB.Decide(ctx, sendersKey, kept, s.Clock())
	return err
}

// fresher seals a secret anew where it stands, and says whether that was needed.
func (s *Service) fresher(ctx context.Context, place string, secret *string) bool {
	if s.Sealer.Fresh(*secret) {
		return false
	}
	text, err := s.Sealer.Open(place, *secret)
	if err == nil {
		text, err = s.Sealer.Seal(place, text)
	}
	if err != nil {
		s.Log.ErrorContext(ctx, "a secret cannot be sealed anew", "error", err.Error())
		return false
	}
	*secret = text
	return true
}
