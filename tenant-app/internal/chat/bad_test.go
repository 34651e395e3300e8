package chat_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/office/officetest"
)

// Whatever is sent to whichever operation, the answer is an error that the page can
// say, never a failure of the server, and nothing is stored.
func TestBadInputIsRefusedClearly(t *testing.T) {
	c := start(t, "李娜", "张伟")
	admin, li, zhang := c.people[0], c.people[1], c.people[2]
	room := admin.group("项目组", li)
	m := admin.say(room.ID, "一", object{"receipt": true, "urgent": true})
	before := c.rows(t)
	foreign, missing := zhang, kernel.NewID()
	huge := strings.Repeat("长", 10_001)
	bodies := []string{
		``, `null`, `[]`, `"x"`, `{`, `{"id":1}`, `{"id":"` + missing.String() + `"}`, "{\"id\":\"\xff\xfe\"}", `{"seq":-1}`, `{"seq":99999999999999999999}`,
		`{"id":"` + missing.String() + `","kind":"text","text":"` + huge + `"}`, `{"id":"` + missing.String() + `","kind":"card","text":"x"}`,
		`{"id":"` + missing.String() + `","kind":"text","text":"\u0000\u0001"}`, `{"id":"` + missing.String() + `","kind":"picture","fileIds":["` + missing.String() + `"]}`,
		`{"id":"00000000-0000-0000-0000-000000000000","kind":"text","text":"x"}`, `{"id":"` + missing.String() + `","kind":"text","text":"x","quote":"` + missing.String() + `"}`,
		`{"id":"` + missing.String() + `","kind":"group","memberIds":["` + missing.String() + `"]}`, `{"id":"` + missing.String() + `","kind":"direct","memberIds":[]}`,
		`{"id":"` + missing.String() + `","kind":"department"}`, `{"personIds":["` + missing.String() + `"]}`, `{"personId":"` + missing.String() + `"}`,
		`{"state":"lost"}`, `{"text":""}`, `{"name":"` + huge + `"}`, `{"notice":"` + huge + `"}`,
		`{"ids":["` + missing.String() + `"],"messageIds":["` + missing.String() + `"],"roomIds":["` + room.ID.String() + `"]}`,
	}
	ids := []string{room.ID.String(), m.ID.String(), missing.String(), "x", "%00", "%ff", "' OR 1=1"}
	tried := 0
	for _, op := range c.App.Server.Operations() {
		if op.Tag != "rooms" && op.Tag != "messages" {
			continue
		}
		for _, id := range ids {
			path := strings.NewReplacer("{id}", id, "{person}", missing.String(), "{emoji}", "%ff%00").Replace(op.Path)
			if op.Method == http.MethodGet {
				path += "?q=%ff%00%25_'&cursor=zz&before=0&limit=7"
			}
			for _, body := range bodies {
				reply := foreign.Do(op.Method, "/api/v1"+strings.ReplaceAll(path, " ", "%20"), []byte(body), officetest.H("Content-Type", "application/json"))
				tried++
				if reply.Status >= 500 {
					t.Errorf("%s with id %s and %.60q answers %d: %s", op.ID, id, body, reply.Status, reply.Body)
				}
				if reply.Status >= 400 {
					var problem struct{ Code string }
					if err := json.Unmarshal([]byte(reply.Body), &problem); err != nil || problem.Code == "" {
						t.Errorf("%s with id %s answers without a code: %s", op.ID, id, reply.Body)
					}
				}
				if strings.Contains(reply.Body, "项目组") {
					t.Errorf("%s with id %s shows a room to somebody outside: %s", op.ID, id, reply.Body)
				}
				if op.Method == http.MethodGet {
					break
				}
			}
		}
	}
	if tried < 1000 {
		t.Errorf("only %d requests were tried", tried)
	}
	if after := c.rows(t); after != before {
		t.Errorf("bad input was stored: %s, before %s", after, before)
	}
}

// rows counts what is stored.
func (c *crew) rows(t *testing.T) string {
	t.Helper()
	var counts string
	c.Scan(t, `SELECT concat_ws(' ', (SELECT count(*) FROM chat_room WHERE kind <> 'self'), (SELECT count(*) FROM chat_message), (SELECT count(*) FROM chat_member),
		(SELECT count(*) FROM chat_reaction), (SELECT count(*) FROM chat_receipt), (SELECT count(*) FROM chat_later), (SELECT max(revision) FROM chat_message))`, &counts)
	return counts
}

func TestTextIsKeptWithoutWhatHarms(t *testing.T) {
	c := start(t, "李娜")
	admin, li := c.people[0], c.people[1]
	room := admin.direct(li)
	for sent, kept := range map[string]string{
		"a\u0000b":                  "ab",
		"一\r\n二\t三":                 "一\n二\t三",
		" \u202e头尾 ":                "头尾",
		"<script>alert(1)</script>": "<script>alert(1)</script>",
		"王㛃 · 👨‍👩‍👧":                "王㛃 · 👨‍👩‍👧",
		strings.Repeat("长", 10_000): strings.Repeat("长", 10_000),
	} {
		if got := admin.say(room.ID, sent).Text; got != kept {
			t.Errorf("%.40q is kept as %.40q", sent, got)
		}
	}
	path := "/rooms/" + room.ID.String() + "/messages"
	refused(admin, http.MethodPost, path, object{"id": kernel.NewID(), "kind": "text", "text": strings.Repeat("长", 10_001)}, http.StatusUnprocessableEntity, "text_too_long")
	refused(admin, http.MethodPost, path, object{"id": kernel.NewID(), "kind": "text", "text": " \u0000 "}, http.StatusUnprocessableEntity, "text_empty")
	m := admin.say(room.ID, "一")
	for emoji, status := range map[string]int{"👍": 204, "👨‍👩‍👧": 204, "❤️": 204, "1": 422, "好": 422, "ab": 422, "%20": 422, strings.Repeat("👍", 30): 422} {
		if reply := li.JSON(http.MethodPut, msg(m.ID, "/reactions/"+emoji), nil); reply.Status != status {
			t.Errorf("reacting with %s answers %d %s", emoji, reply.Status, reply.Body)
		}
	}
	done(li, http.MethodDelete, msg(m.ID, "/reactions/👍"), nil)
	if got := admin.messages(room.ID, "").Items; len(got[len(got)-1].Reactions) != 2 {
		t.Errorf("reactions are %+v", got[len(got)-1].Reactions)
	}
}
