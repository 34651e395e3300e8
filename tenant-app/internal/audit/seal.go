package audit

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"atrium.dev/atrium/tenant-app/internal/store"
	"github.com/uptrace/bun"
)

// batch is how many entries one transaction seals or checks.
const batch = 1000

// sealRow is a row of the table audit_seal.
type sealRow struct {
	bun.BaseModel `bun:"table:audit_seal,alias:seal"`

	LastNo   int64     `bun:"last_no,pk"`
	FirstNo  int64     `bun:"first_no"`
	Hash     []byte    `bun:"hash,type:bytea"`
	SealedAt time.Time `bun:"sealed_at"`
}

// hash chains an entry to the one before it: all of it counts, and its number.
func (r *row) hash(before []byte) []byte {
	at := r.At.UTC().Format(time.RFC3339Nano)
	text, _ := json.Marshal([]any{r.No, r.ID, r.Event, r.PersonID, r.Person, r.ObjectID, r.Details, r.Address, r.Agent, r.Request, at}) // strings and ids always encode
	sum := sha256.Sum256(append(bytes.Clone(before), text...))
	return sum[:]
}

// Seal chains all entries that are not chained yet. Two that run at once take turns.
func (l *Log) Seal(ctx context.Context) error {
	for {
		sealed, err := l.sealSome(ctx)
		if err != nil || sealed < batch {
			return err
		}
	}
}

func (l *Log) sealSome(ctx context.Context) (sealed int, err error) {
	var made sealRow
	err = l.db.InTx(ctx, func(ctx context.Context) error {
		if _, err := l.db.Q(ctx).ExecContext(ctx, "LOCK TABLE audit_seal IN SHARE ROW EXCLUSIVE MODE"); err != nil {
			return fmt.Errorf("wait for another seal: %w", err)
		}
		last, err := l.lastSeal(ctx)
		if err != nil {
			return err
		}
		var entries []row
		err = l.db.Q(ctx).NewSelect().Model(&entries).Where("no IS NULL").Order("at", "id").Limit(batch).Scan(ctx)
		if err != nil {
			return fmt.Errorf("read unsealed entries: %w", err)
		}
		if sealed = len(entries); sealed == 0 {
			return nil
		}
		made = sealRow{FirstNo: last.LastNo + 1, LastNo: last.LastNo, Hash: last.Hash, SealedAt: l.clock()}
		for i := range entries {
			made.LastNo++
			entries[i].No = made.LastNo
			made.Hash = entries[i].hash(made.Hash)
			entries[i].Hash = made.Hash
		}
		_, err = l.db.Q(ctx).NewUpdate().With("_data", l.db.Q(ctx).NewValues(&entries).Column("id", "no", "hash")).Model((*row)(nil)).
			TableExpr("_data").Set("no = _data.no").Set("hash = _data.hash").Where("entry.id = _data.id").Exec(ctx)
		if err != nil {
			return fmt.Errorf("chain entries: %w", err)
		}
		if _, err := l.db.Q(ctx).NewInsert().Model(&made).Exec(ctx); err != nil {
			return fmt.Errorf("keep a seal: %w", err)
		}
		return nil
	})
	if err == nil && sealed > 0 {
		// The platform keeps logs elsewhere: whoever rewrites the table cannot rewrite these.
		l.log.InfoContext(ctx, "audit log sealed", "first", made.FirstNo, "last", made.LastNo, "hash", hex.EncodeToString(made.Hash))
	}
	return sealed, err
}

func (l *Log) lastSeal(ctx context.Context) (sealRow, error) {
	var last sealRow
	err := l.db.Q(ctx).NewSelect().Model(&last).Order("last_no DESC").Limit(1).Scan(ctx)
	if err != nil && !store.IsNoRows(err) {
		return last, fmt.Errorf("read the last seal: %w", err)
	}
	return last, nil
}

// Proof is what a check of the chain found.
type Proof struct {
	Entries  int64  `json:"entries" doc:"Sealed entries that were checked"`
	Unsealed int64  `json:"unsealed" doc:"Entries of the last minute"`
	First    int64  `json:"first,omitempty" doc:"Number of the oldest entry that is kept"`
	Last     int64  `json:"last,omitempty"`
	Hash     string `json:"hash,omitempty" doc:"Of the last entry, as the platform's log has it (audit log sealed)"`
	BrokenAt int64  `json:"brokenAt,omitempty" doc:"Number of the first entry that was changed, taken out or slipped in"`
}

// Prove recomputes the chain from the oldest entry that is kept, and compares it with
// the seals.
func (l *Log) Prove(ctx context.Context) (Proof, error) {
	var seals []sealRow
	if err := l.db.Q(ctx).NewSelect().Model(&seals).Order("last_no").Scan(ctx); err != nil {
		return Proof{}, fmt.Errorf("read the seals: %w", err)
	}
	proof := Proof{}
	unsealed, err := l.db.Q(ctx).NewSelect().Model((*row)(nil)).Where("no IS NULL").Count(ctx)
	if err != nil {
		return proof, fmt.Errorf("count unsealed entries: %w", err)
	}
	proof.Unsealed = unsealed
	chain := chain{proof: &proof}
	for len(seals) > 0 && seals[0].SealedAt.Before(l.clock().Add(-Keep)) {
		chain.no, chain.hash = seals[0].LastNo, seals[0].Hash // its entries may be forgotten
		seals = seals[1:]
	}
	for _, seal := range seals {
		if err := l.follow(ctx, &chain, seal); err != nil || proof.BrokenAt > 0 {
			return proof, err
		}
	}
	strangers, err := l.db.Q(ctx).NewSelect().Model((*row)(nil)).Where("no > ?", chain.no).Exists(ctx)
	if err != nil {
		return proof, fmt.Errorf("look for entries without a seal: %w", err)
	}
	if strangers {
		proof.BrokenAt = chain.no + 1
	}
	return proof, nil
}

// chain is how far a check has come.
type chain struct {
	no    int64
	hash  []byte
	proof *Proof
}

// follow checks the entries of one seal.
func (l *Log) follow(ctx context.Context, c *chain, seal sealRow) error {
	if seal.FirstNo != c.no+1 {
		c.proof.BrokenAt = c.no + 1
		return nil
	}
	var entries []row
	err := l.db.Q(ctx).NewSelect().Model(&entries).Where("no BETWEEN ? AND ?", seal.FirstNo, seal.LastNo).Order("no").Scan(ctx)
	if err != nil {
		return fmt.Errorf("read sealed entries: %w", err)
	}
	for i := range entries {
		e := &entries[i]
		c.hash = e.hash(c.hash)
		if e.No != c.no+1 || !bytes.Equal(e.Hash, c.hash) {
			c.proof.BrokenAt = c.no + 1
			return nil
		}
		if c.proof.Entries == 0 {
			c.proof.First = e.No
		}
		c.no = e.No
		c.proof.Entries++
	}
	if c.no != seal.LastNo || !bytes.Equal(c.hash, seal.Hash) {
		c.proof.BrokenAt = c.no + 1
		return nil
	}
	c.proof.Last, c.proof.Hash = c.no, hex.EncodeToString(c.hash)
	return nil
}

// forget deletes what is older than Keep, whole seals at a time; the seals stay, so
// that the chain still has its beginning.
func (l *Log) forget(ctx context.Context) error {
	_, err := l.db.Q(ctx).NewRaw(`DELETE FROM audit_entry WHERE no <= (SELECT max(last_no) FROM audit_seal WHERE sealed_at < ?)`, l.clock().Add(-Keep)).Exec(ctx)
	if err != nil {
		return fmt.Errorf("forget old entries of the audit log: %w", err)
	}
	return nil
}
