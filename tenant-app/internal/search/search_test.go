package search_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"atrium.dev/atrium/tenant-app/internal/auth"
	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/office/officetest"
	"atrium.dev/atrium/tenant-app/internal/search"
)

func put(t *testing.T, o *officetest.Office, entries ...search.Entry) {
	t.Helper()
	for some := range slices.Chunk(entries, 500) {
		err := o.DB.InTx(t.Context(), func(ctx context.Context) error { return o.App.Search.Put(ctx, some...) })
		if err != nil {
			t.Fatal(err)
		}
	}
}

// settle waits until what was written is in the index.
func settle(t *testing.T, o *officetest.Office) {
	t.Helper()
	o.Wait(2 * time.Second)
	o.Settle(t)
}

type found struct {
	People []search.FoundPerson
	Items  []search.Hit
	Next   string
}

func ask(t *testing.T, b *officetest.Browser, typed, more string) found {
	t.Helper()
	var f found
	b.JSON(http.MethodGet, "/search?q="+url.QueryEscape(typed)+more, nil).Want(http.StatusOK).Into(&f)
	return f
}

func texts(f found) string {
	var out []string
	for _, h := range f.Items {
		text := ""
		for _, p := range h.Snippet {
			text += p.Text
		}
		out = append(out, text)
	}
	return strings.Join(out, "|")
}

// Who may see a container is part of what the index is asked.
func TestPeopleFindWhatTheyMaySee(t *testing.T) {
	o := officetest.Start(t)
	admin := o.Administrator(t)
	zhangID, zhang := admin.Staff(auth.NewPerson{Name: "张伟", Phone: "+8613800000002"})
	_, li := admin.Staff(auth.NewPerson{Name: "李娜", Phone: "+8613800000003"})
	room, now := kernel.NewID(), o.Now()
	o.App.Search.On("note", search.Kind{Containers: func(_ context.Context, person kernel.ID) ([]string, error) {
		if person == zhangID {
			return []string{"room:" + room.String()}, nil
		}
		return nil, nil
	}})
	secret := kernel.NewID()
	put(t, o,
		search.Entry{Kind: "note", Ref: kernel.NewID(), Container: []string{search.Everyone}, Text: "放假通知", At: now.Add(-3 * time.Hour)},
		search.Entry{Kind: "note", Ref: kernel.NewID(), Container: []string{"room:" + room.String()}, Text: "放假安排", At: now.Add(-2 * time.Hour)},
		search.Entry{Kind: "mail", Ref: secret, Container: []string{"person:" + zhangID.String()}, Title: "放假 申请", Text: "我要放假", Names: []string{"单晓东"}, At: now.Add(-time.Hour)},
	)
	if got := texts(ask(t, zhang, "放假", "")); got != "" {
		t.Errorf("before it is indexed: %s", got)
	}
	settle(t, o)
	if got := texts(ask(t, zhang, "放假", "")); got != "我要放假|放假安排|放假通知" {
		t.Errorf("张伟 finds %s", got)
	}
	if got := texts(ask(t, li, "放假", "")); got != "放假通知" {
		t.Errorf("李娜 finds %s", got)
	}
	if got := texts(ask(t, zhang, "放假", "&kind=mail")); got != "我要放假" {
		t.Errorf("of mails: %s", got)
	}
	for typed, want := range map[string]string{
		"shanxiaod": "我要放假", "sxd": "我要放假", "单晓": "我要放假", "申请": "我要放假", "放假 申请": "我要放假", "假 通": "放假通知", "通假": "",
		"in:all": "", "week:2968": "", "'": "", "!": "", "&|": "", "\x00": "", "放假' | 'x": "",
	} {
		if got := texts(ask(t, zhang, typed, "")); got != want {
			t.Errorf("%q finds %q, want %q", typed, got, want)
		}
	}
	// A changed text is found anew, a removed one no more; what is rolled back never was.
	put(t, o, search.Entry{Kind: "mail", Ref: secret, Container: []string{"person:" + zhangID.String()}, Text: "我要出差", At: now})
	boom := errors.New("boom")
	if err := o.DB.InTx(t.Context(), func(ctx context.Context) error {
		return errors.Join(o.App.Search.Remove(ctx, "mail", secret), boom)
	}); !errors.Is(err, boom) {
		t.Fatal(err)
	}
	settle(t, o)
	if got := texts(ask(t, zhang, "我要", "")); got != "我要出差" {
		t.Errorf("after the change: %s", got)
	}
	if err := o.App.Search.Remove(t.Context(), "mail", secret); err != nil {
		t.Fatal(err)
	}
	if got := texts(ask(t, zhang, "我要", "")); got != "" {
		t.Errorf("after it was removed: %s", got)
	}
	if people := ask(t, li, "zhangw", "").People; len(people) != 1 || people[0].Name != "张伟" {
		t.Errorf("people: %+v", people)
	}
	o.Exec(t, "INSERT INTO external_organisation (id, name, kind, created_at, updated_at) VALUES (?, '供应商', 'supplier', now(), now())", room)
	o.Exec(t, "UPDATE person SET external_organisation_id = ?, liaison_id = ? WHERE name = '李娜'", room, zhangID)
	if f := ask(t, li, "放假", ""); len(f.Items) != 0 || len(ask(t, li, "wangf", "").People) != 0 || len(ask(t, li, "zhangw", "").People) != 1 {
		t.Errorf("an outsider finds %s, and others than the 对接人", texts(f))
	}
	o.Browser(t).JSON(http.MethodGet, "/search?q=x", nil).Want(http.StatusUnauthorized)
	zhang.JSON(http.MethodGet, "/search?q=x&cursor=nonsense", nil).Want(http.StatusBadRequest)
}

// Recall is 100 %: what stands in a text is found, over pages and windows of weeks, in
// the order of time, and nothing else.
func TestWhatStandsInATextIsFound(t *testing.T) {
	o := officetest.Start(t)
	generate(t, o, corpus())
	checked, hits := 0, 0
	for _, typed := range queries() {
		var want []string
		for _, m := range messages {
			if m.room < rooms && holds(m.plain, search.Plain(typed)) {
				want = append(want, m.ref.String())
			}
		}
		got := all(t, o, typed)
		if !slices.Equal(got, want) {
			t.Errorf("%q: found %d, stand there %d", typed, len(got), len(want))
		}
		checked, hits = checked+1, hits+len(want)
	}
	t.Logf("%d queries over %d texts: %d hits", checked, len(messages), hits)
	if hits < checked {
		t.Errorf("%d queries have only %d hits: the texts are too poor", checked, hits)
	}
	times(t, o)
}

// times says how long the first page takes, for docs/performance.md.
func times(t *testing.T, o *officetest.Office) {
	t.Helper()
	took := map[bool][]time.Duration{} // by whether one character is asked for
	for range 4 {
		for _, typed := range queries() {
			began := time.Now()
			if _, err := o.App.Search.Find(t.Context(), search.Request{Typed: typed, Containers: containers(), Limit: 50}); err != nil {
				t.Fatal(err)
			}
			single := utf8.RuneCountInString(typed) == 1
			took[single] = append(took[single], time.Since(began).Round(10*time.Microsecond))
		}
	}
	for single, list := range took {
		slices.Sort(list)
		t.Logf("first page of %d texts, one character %t: p50 %s, p99 %s", len(messages), single, list[len(list)/2], list[len(list)*99/100])
	}
}

// containers are the rooms of the person who searches.
func containers() []string {
	in := make([]string, rooms)
	for i := range in {
		in[i] = fmt.Sprintf("room:%d", i)
	}
	return in
}

// rooms are those of the person who searches, of allRooms. LOAD=full takes the figures
// of docs/performance.md.
const (
	rooms    = 5
	allRooms = 300
)

func corpus() int {
	if os.Getenv("LOAD") == "full" {
		return 1_000_000
	}
	return 100_000
}

type message struct {
	ref   kernel.ID
	room  int
	plain string
	at    time.Time
}

// messages are what generate wrote, newest first.
var messages []message

var (
	words = strings.Fields("的 我们 公司 项目 今天 下午 会议 报告 审批 请假 合同 客户 数据 系统 问题 解决 方案 已经 收到 谢谢 明天 付款 發票 采购 测试 上线 部署 文档 王㛃 买买提")
	latin = strings.Fields("report v2 INV-20261122 OK api server 18600001111 test Q3 ROI")
	marks = []string{"，", "。", " ", "", "", "", "！", "\n"}
)

// generate writes texts by Zipf's law into the rooms, over two years.
func generate(t *testing.T, o *officetest.Office, n int) {
	t.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	zipf := rand.NewZipf(r, 1.2, 2, uint64(len(words)-1))
	messages = nil
	var entries []search.Entry
	for i := range n {
		var text strings.Builder
		for range 1 + r.IntN(12) {
			if r.IntN(6) == 0 {
				text.WriteString(latin[r.IntN(len(latin))])
			} else {
				text.WriteString(words[zipf.Uint64()])
			}
			text.WriteString(marks[r.IntN(len(marks))])
		}
		m := message{ref: kernel.NewID(), room: r.IntN(allRooms), plain: search.Plain(kernel.CleanText(text.String()))}
		age := float64(i) / float64(n)
		m.at = o.Now().Add(-time.Duration(age * age * float64(2*365*24*time.Hour))).Truncate(time.Millisecond)
		messages = append(messages, m)
		entries = append(entries, search.Entry{Kind: "text", Ref: m.ref, Container: []string{fmt.Sprintf("room:%d", m.room)}, Text: text.String(), At: m.at})
	}
	for some := range slices.Chunk(entries, 50_000) { // what is waited for at once has a limit
		put(t, o, some...)
		settle(t, o)
	}
}

// queries are words, parts of two words, single characters and what nobody wrote.
func queries() []string {
	out := []string{"的", "㛃", "我们公司", "们公", "发票", "發票", "rep", "REPORT", "v", "inv-2026", "1860000", "i", "会议报告", "报告 审批", "ok 的", "没有人写过", "火星", "port", "。", "公司，项"}
	return append(out, words...)
}

// holds is what LIKE would say, with words from their beginning.
func holds(text, typed string) bool {
	terms := 0
	for term := range strings.FieldsSeq(typed) {
		if !strings.ContainsFunc(term, letter) {
			continue
		}
		terms++
		if !begins(text, term) {
			return false
		}
	}
	return terms > 0
}

func begins(text, term string) bool {
	first := []rune(term)[0]
	for at := 0; ; {
		i := strings.Index(text[at:], term)
		if i < 0 {
			return false
		}
		before := []rune(text[:at+i])
		if first >= 0x2e80 || !letter(first) || len(before) == 0 || before[len(before)-1] >= 0x2e80 || !letter(before[len(before)-1]) {
			return true
		}
		at += i + len(string(first))
	}
}

func letter(r rune) bool {
	return r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 0x2e80 && !strings.ContainsRune("。、！，", r)
}

// all are the refs of all pages.
func all(t *testing.T, o *officetest.Office, typed string) []string {
	t.Helper()
	var out []string
	for cursor := ""; ; {
		page, err := o.App.Search.Find(t.Context(), search.Request{Typed: typed, Containers: containers(), Cursor: cursor, Limit: 50})
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range page.Items {
			out = append(out, h.Ref.String())
		}
		if cursor = page.Next; cursor == "" {
			return out
		}
	}
}
