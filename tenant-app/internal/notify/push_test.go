package notify_test

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"atrium.dev/atrium/tenant-app/contract"
	"atrium.dev/atrium/tenant-app/internal/office/officetest"
)

// browser takes push messages as a browser and its push service do together.
type browser struct {
	t      testing.TB
	server *httptest.Server
	key    *ecdh.PrivateKey
	auth   []byte
	got    chan told
	status int
}

func newBrowser(t testing.TB, o *officetest.Office) *browser {
	t.Helper()
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	b := &browser{t: t, key: key, auth: []byte("sixteen bytes it"), got: make(chan told, 10), status: http.StatusCreated}
	b.server = httptest.NewServer(b)
	t.Cleanup(b.server.Close)
	allow(t, o, b.server.Listener.Addr().String())
	return b
}

func (b *browser) subscription() object {
	code := base64.RawURLEncoding.EncodeToString
	return object{"endpoint": b.server.URL + "/push/1", "keys": object{"p256dh": code(b.key.PublicKey().Bytes()), "auth": code(b.auth)}}
}

func (b *browser) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	if !strings.HasPrefix(r.Header.Get("Authorization"), "vapid t=") || r.Header.Get("Ttl") == "" {
		b.t.Errorf("a push message comes with %v", r.Header)
	}
	w.WriteHeader(b.status)
	if b.status < 300 {
		b.got <- b.open(body)
	}
}

// open decrypts a message as RFC 8291 says.
func (b *browser) open(body []byte) (out told) {
	salt, server, sealed := body[:16], body[21:21+int(body[20])], body[21+int(body[20]):]
	public, err := ecdh.P256().NewPublicKey(server)
	if err != nil {
		b.t.Error(err)
		return out
	}
	shared, err := b.key.ECDH(public)
	if err != nil {
		b.t.Error(err)
		return out
	}
	derive := func(secret, salt []byte, info string, n int) []byte {
		key, err := hkdf.Key(sha256.New, secret, salt, info, n)
		if err != nil {
			b.t.Error(err)
		}
		return key
	}
	ikm := derive(shared, b.auth, "WebPush: info\x00"+string(b.key.PublicKey().Bytes())+string(server), 32)
	block, err := aes.NewCipher(derive(ikm, salt, "Content-Encoding: aes128gcm\x00", 16))
	if err != nil {
		b.t.Error(err)
		return out
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		b.t.Error(err)
		return out
	}
	plain, err := gcm.Open(nil, derive(ikm, salt, "Content-Encoding: nonce\x00", 12), sealed, nil)
	if err != nil {
		b.t.Errorf("the message cannot be read: %v", err)
		return out
	}
	text := strings.TrimRight(string(plain), "\x00")
	if err := json.Unmarshal([]byte(strings.TrimSuffix(text, "\x02")), &out); err != nil {
		b.t.Errorf("the message is %q: %v", text, err)
	}
	return out
}

// Whoever signs out takes the browser along.
func TestABrowserTakesMessagesWhileItsSessionLasts(t *testing.T) {
	c := start(t)
	b := newBrowser(t, c.Office)
	if reply := c.wang.JSON(http.MethodPost, "/me/channels/push/test", object{}); reply.Code() != "browsers_none" {
		t.Errorf("without a browser: %d %s", reply.Status, reply.Body)
	}
	for _, bad := range []string{"javascript:alert(1)", "https://", "file:///etc/passwd"} {
		sub := b.subscription()
		sub["endpoint"] = bad
		c.wang.JSON(http.MethodPost, "/me/browsers", sub).Want(http.StatusUnprocessableEntity)
	}
	for range 2 {
		c.wang.JSON(http.MethodPost, "/me/browsers", b.subscription()).Want(http.StatusNoContent)
	}
	c.wang.JSON(http.MethodPost, "/me/channels/push/test", object{}).Want(http.StatusNoContent)
	c.wang.JSON(http.MethodPost, "/me/channels/push/confirm", object{"code": (<-b.got).Code}).Want(http.StatusNoContent)
	if got := c.channel(t, "push"); got.TestedAt == nil || got.Address != "1" {
		t.Errorf("the channel is %+v", got)
	}
	c.say("开会了", nil)
	c.later(t, time.Minute)
	if got := <-b.got; got.Title != "李娜" || got.Text != "开会了" || got.Link != c.URL+"/chat/"+c.room {
		t.Errorf("the browser got %+v", got)
	}
	other := c.Browser(t)
	other.SignIn("13800000001", officetest.Password).Want(http.StatusSeeOther)
	c.wang.JSON(http.MethodPost, "/sign-out", nil).Want(http.StatusNoContent)
	var kept int
	c.Scan(t, "SELECT count(*) FROM push_subscription", &kept)
	if kept != 0 {
		t.Errorf("%d browsers are kept after signing out", kept)
	}
}

// A push service that knows a browser no more is not asked again.
func TestABrowserThatIsGoneIsForgotten(t *testing.T) {
	c := start(t)
	b := newBrowser(t, c.Office)
	c.wang.JSON(http.MethodPost, "/me/browsers", b.subscription()).Want(http.StatusNoContent)
	b.status = http.StatusGone
	if reply := c.wang.JSON(http.MethodPost, "/me/channels/push/test", object{}); reply.Code() != "channel_failed" {
		t.Errorf("a browser that is gone: %d %s", reply.Status, reply.Body)
	}
	var kept int
	c.Scan(t, "SELECT count(*) FROM push_subscription", &kept)
	if kept != 0 {
		t.Error("it is kept")
	}
	c.Change(func(s *contract.Settings) { s.Outbound = false })
	c.Wait(2 * time.Minute)
	b.status = http.StatusCreated
	c.wang.JSON(http.MethodPost, "/me/browsers", b.subscription()).Want(http.StatusNoContent)
	if reply := c.wang.JSON(http.MethodPost, "/me/channels/push/test", object{}); reply.Code() != "channel_failed" || len(b.got) > 0 {
		t.Errorf("while calls are paused: %d %s", reply.Status, reply.Body)
	}
}
