package agent_test

import (
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
)

// life is a company in which people work, as chance has it.
type life struct {
	*company
	chance  *rand.Rand
	rows    int       // that one act touches at most
	files   []string  // keys of objects that rows name
	loose   []string  // keys of objects that no row names
	removed time.Time // when the last object was
}

// acts on rows. {s} is a text that is new each time, {n} a number of rows, {at} a time.
// What is deleted was made by an act: department and person of sort 4242, kind work.
var acts = []string{
	`INSERT INTO department (id, parent_id, name, sort, created_at, updated_at)
		SELECT md5('{s}' || i)::uuid, (SELECT id FROM department d ORDER BY md5('{s}' || i || d.name) LIMIT 1), '部门 {s} ' || i, 4242, '{at}', '{at}'
		FROM generate_series(1, {n}) i`,
	`INSERT INTO person (id, name, sort, sort_key, search, manager_id, phone, created_at, updated_at)
		SELECT md5('{s}' || i)::uuid, '员工 {s} ' || i, 4242, 'z' || i, to_tsvector('simple', '员工 {s} ' || i),
			(SELECT id FROM person p ORDER BY md5('{s}' || i || p.name) LIMIT 1), '{s}' || i, '{at}', '{at}' FROM generate_series(1, {n}) i;
	INSERT INTO membership (id, person_id, department_id, is_primary, valid_from)
		SELECT md5('{s}m' || i)::uuid, md5('{s}' || i)::uuid, (SELECT id FROM department d ORDER BY md5('{s}' || i || d.name) LIMIT 1), true, '{at}'
		FROM generate_series(1, {n}) i`,
	`INSERT INTO odd ("we""ird 名", f, b, at, span, words, doc, above)
		SELECT E'\\N{s}', CASE i % 3 WHEN 0 THEN 'NaN' WHEN 1 THEN i / 7.0 END, decode(md5('{s}' || i), 'hex'), '{at}', make_interval(secs => i),
			ARRAY['{s}', NULL, ''], jsonb_build_object('n', i), (SELECT max(id) FROM odd) FROM generate_series(1, {n}) i`,
	`INSERT INTO "Zeal" SELECT chr(20013 + i), {n}, '{at}' FROM generate_series(1, {n}) i ON CONFLICT DO NOTHING`,
	`INSERT INTO setting (key, value, updated_at) VALUES ('work', '{ "s":"{s}",  "n": {n}}', '{at}')
		ON CONFLICT (key) DO UPDATE SET value = excluded.value, revision = setting.revision + 1`,
	`UPDATE person SET name = name || '·', revision = revision + 1, manager_id = NULL, updated_at = '{at}'
		WHERE id IN (SELECT id FROM person ORDER BY md5('{s}' || name) LIMIT {n})`,
	`UPDATE department SET parent_id = (SELECT id FROM department d WHERE d.sort <> 4242 ORDER BY md5('{s}' || d.name) LIMIT 1), revision = revision + 1
		WHERE id IN (SELECT id FROM department WHERE sort = 4242 ORDER BY md5('{s}' || name) LIMIT {n})`,
	`UPDATE odd SET doc = jsonb_build_object('at', '{s}'), n = nextval('odd_n_seq') WHERE id IN (SELECT id FROM odd ORDER BY md5('{s}' || id) LIMIT {n})`,
	`UPDATE "Zeal" SET kind = kind || '{s}' WHERE (kind, no, day) IN (SELECT kind, no, day FROM "Zeal" ORDER BY md5('{s}' || kind || no || day) LIMIT {n})`,
	`SELECT nextval('odd_id_seq'), setval('odd_n_seq', nextval('odd_n_seq') + {n})`,
	`DELETE FROM comment WHERE id IN (SELECT id FROM comment WHERE kind = 'work' ORDER BY md5('{s}' || id) LIMIT {n})`,
	`WITH chosen AS (SELECT id FROM odd ORDER BY md5('{s}' || id) LIMIT {n}),
		freed AS (UPDATE odd SET above = NULL WHERE above IN (SELECT id FROM chosen) AND id NOT IN (SELECT id FROM chosen))
	DELETE FROM odd WHERE id IN (SELECT id FROM chosen)`,
	`WITH chosen AS (SELECT id FROM person WHERE sort = 4242 ORDER BY md5('{s}' || name) LIMIT {n}),
		said AS (DELETE FROM comment WHERE author_id IN (SELECT id FROM chosen)),
		freed AS (UPDATE person SET manager_id = NULL WHERE manager_id IN (SELECT id FROM chosen) AND id NOT IN (SELECT id FROM chosen))
	DELETE FROM person WHERE id IN (SELECT id FROM chosen)`,
	`WITH chosen AS (SELECT id FROM department WHERE sort = 4242 ORDER BY md5('{s}' || name) LIMIT {n}),
		members AS (DELETE FROM membership WHERE department_id IN (SELECT id FROM chosen)),
		freed AS (UPDATE department SET parent_id = NULL WHERE parent_id IN (SELECT id FROM chosen) AND id NOT IN (SELECT id FROM chosen))
	DELETE FROM department WHERE id IN (SELECT id FROM chosen)`,
	`DELETE FROM "Zeal"`,
}

// always is what happens on each day.
const always = `INSERT INTO comment (id, kind, owner_id, author_id, text, created_at)
	SELECT md5('{s}' || i)::uuid, 'work', md5('{s}')::uuid, (SELECT id FROM person p ORDER BY md5('{s}' || i || p.name) LIMIT 1), repeat(E'长\\.\n\\\t', i), '{at}'
	FROM generate_series(1, {n}) i`

// day is a day's work, until the given time.
func (l *life) day(at time.Time) {
	l.t.Helper()
	l.act(always, at)
	l.add("files/", &l.files)
	for range 6 + l.chance.IntN(10) {
		l.act(acts[l.chance.IntN(len(acts))], at)
		[]func(){
			func() { l.add("files/", &l.files) }, func() { l.add("loose/", &l.loose) }, l.replace, l.rewrite, l.drop,
			func() {}, func() {}, func() {},
		}[l.chance.IntN(8)]()
	}
}

func (l *life) act(script string, at time.Time) {
	l.t.Helper()
	s := strconv.FormatUint(l.chance.Uint64(), 36)
	l.exec(1, strings.NewReplacer("{s}", s, "{n}", strconv.Itoa(1+l.chance.IntN(l.rows)), "{at}", at.Format(time.RFC3339)).Replace(script))
}

// content is of a size around the chunks of age more often than not.
func (l *life) content() []byte {
	size := []int{0, 1, 64 << 10, 64<<10 + 1, l.chance.IntN(200_000)}[l.chance.IntN(5)]
	if l.chance.IntN(30) == 0 {
		size = 5<<20 + l.chance.IntN(1<<20) // goes in two parts
	}
	made, start := make([]byte, size), l.chance.Uint32()
	for i := range made {
		made[i] = byte(uint32(i) * start >> 11) //nolint:gosec // any byte will do
	}
	return made
}

// add puts an object, with a row if it is a file.
func (l *life) add(prefix string, list *[]string) {
	l.t.Helper()
	key, content := prefix+strconv.FormatUint(l.chance.Uint64(), 36), l.content()
	l.put(key, []string{"text/plain", "application/pdf", "image/png"}[l.chance.IntN(3)], content)
	*list = append(*list, key)
	if list == &l.files {
		l.exec(1, fmt.Sprintf(`INSERT INTO file (id, content_id, kind, name, type, size, sha256, uploaded_by, created_at, loose_since)
			SELECT md5('%[1]s')::uuid, md5('%[1]s')::uuid, 'work', '%[1]s', '', %[2]d, '\x%[3]x', id, now(), now() FROM person WHERE sort <> 4242 ORDER BY name LIMIT 1`,
			key, len(content), sha256.Sum256(content)))
	}
}

// replace puts a file's content under a new key, as the app does.
func (l *life) replace() {
	l.t.Helper()
	if len(l.files) == 0 {
		return
	}
	place := l.chance.IntN(len(l.files))
	former := l.files[place]
	key, content := "files/"+strconv.FormatUint(l.chance.Uint64(), 36), l.content()
	l.put(key, "text/plain", content)
	l.exec(1, fmt.Sprintf(`UPDATE file SET name = '%s', size = %d, sha256 = '\x%x' WHERE name = '%s'`, key, len(content), sha256.Sum256(content), former))
	l.erase(former)
	l.files[place] = key
}

// rewrite puts other content under the same key, which the app never does.
func (l *life) rewrite() {
	if len(l.loose) > 0 {
		l.put(l.loose[l.chance.IntN(len(l.loose))], "text/html", l.content())
	}
}

// drop deletes an object, with its row if there is one.
func (l *life) drop() {
	l.t.Helper()
	all := slices.Concat(l.files, l.loose)
	if len(all) == 0 {
		return
	}
	key := all[l.chance.IntN(len(all))]
	l.exec(1, fmt.Sprintf(`DELETE FROM file WHERE name = '%s'`, key))
	l.erase(key)
	is := func(k string) bool { return k == key }
	l.files, l.loose = slices.DeleteFunc(l.files, is), slices.DeleteFunc(l.loose, is)
}

func (l *life) erase(key string) {
	l.t.Helper()
	if err := l.root.RemoveObject(l.t.Context(), l.bucket, key, minio.RemoveObjectOptions{}); err != nil {
		l.t.Fatal(err)
	}
	l.removed = time.Now()
}
