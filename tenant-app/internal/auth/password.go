package auth

import (
	"context"
	"fmt"
	"runtime/debug"
	"strings"
	"time"
	"unicode/utf8"

	"atrium.dev/atrium/tenant-app/internal/kernel"
	"github.com/alexedwards/argon2id"
)

// Bounds of a password, in characters. The rule asks for length, not for classes
// of characters, which make people write "Password1!".
const (
	minPassword = 10
	maxPassword = 128
)

// hashParams are OWASP's for argon2id: 19 MiB for each password being checked.
var hashParams = &argon2id.Params{Memory: 19 * 1024, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}

// maxHashing bounds memory: 2 × 19 MiB. Others wait their turn.
const (
	maxHashing = 2
	hashWait   = 10 * time.Second

	// trimAfter is how long after the last password the memory goes back to the
	// system: a thousand companies on one platform are quiet most of the time.
	trimAfter = 5 * time.Second
)

// hasher hashes and checks passwords, a few at a time.
type hasher struct {
	turns chan struct{}
	dummy string      // what passwords of nobody are checked against
	trim  *time.Timer // runs when nobody has signed in for a while
}

func newHasher() *hasher {
	trim := time.AfterFunc(trimAfter, debug.FreeOSMemory)
	return &hasher{turns: make(chan struct{}, maxHashing), dummy: dummyHash, trim: trim}
}

// dummyHash is of random bytes that nobody kept, with hashParams: checking it costs
// what checking anyone's does.
const dummyHash = "$argon2id$v=19$m=19456,t=2,p=1$a3Vuc2hhbi1hdHJpdW0tMQ$bm9ib2R5LWhhcy10aGlzLXBhc3N3b3JkLTAwMDAwMDA"

func (h *hasher) hash(ctx context.Context, password string) (string, error) {
	if err := h.take(ctx); err != nil {
		return "", err
	}
	defer h.give()
	hash, err := argon2id.CreateHash(password, hashParams)
	if err != nil {
		return "", fmt.Errorf("hash a password: %w", err)
	}
	return hash, nil
}

// check compares. An empty hash is checked against the dummy and never matches, so
// that an account without a password takes as long as one with.
func (h *hasher) check(ctx context.Context, password, hash string) (bool, error) {
	if err := h.take(ctx); err != nil {
		return false, err
	}
	defer h.give()
	nobody := hash == ""
	if nobody {
		hash = h.dummy
	}
	match, err := argon2id.ComparePasswordAndHash(password, hash)
	if err != nil {
		return false, fmt.Errorf("check a password: %w", err)
	}
	return match && !nobody, nil
}

func (h *hasher) take(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, hashWait)
	defer cancel()
	select {
	case h.turns <- struct{}{}:
		return nil
	case <-ctx.Done():
		return kernel.Unavailable("sign_in_busy").Because(ctx.Err())
	}
}

func (h *hasher) give() {
	<-h.turns
	h.trim.Reset(trimAfter)
}

// checkPasswordRule refuses passwords that are guessed first. words are the
// person's own name and identifiers.
func checkPasswordRule(password string, words ...string) error {
	refuse := func(code string) error {
		return kernel.Invalid(code).With("min", minPassword).With("max", maxPassword).OnField("body.password")
	}
	length := utf8.RuneCountInString(password)
	lower := strings.ToLower(password)
	switch {
	case !utf8.ValidString(password) || length > maxPassword:
		return refuse("password_too_long")
	case length < minPassword:
		return refuse("password_too_short")
	case commonPasswords[lower] || isRun(lower) || isRepetition(lower):
		return refuse("password_common")
	}
	for _, word := range words {
		word = strings.ToLower(strings.TrimPrefix(word, "+86"))
		if utf8.RuneCountInString(word) >= 4 && strings.Contains(lower, word) && length-utf8.RuneCountInString(word) < 6 {
			return refuse("password_is_about_you")
		}
	}
	return nil
}

// isRun: every character follows the one before it, up or down, as in 1234567890.
func isRun(s string) bool {
	runes := []rune(s)
	up, down := true, true
	for i := 1; i < len(runes); i++ {
		step := runes[i] - runes[i-1]
		up = up && (step == 1 || (runes[i-1] == '9' && runes[i] == '0'))
		down = down && (step == -1 || (runes[i-1] == '0' && runes[i] == '9'))
	}
	return up || down
}

// isRepetition: one to four characters again and again, as in 123123123123.
func isRepetition(s string) bool {
	runes := []rune(s)
	for period := 1; period <= 4; period++ {
		same := true
		for i := period; i < len(runes); i++ {
			same = same && runes[i] == runes[i-period]
		}
		if same {
			return true
		}
	}
	return false
}

// commonPasswords are those of ten characters and more that lists of leaked
// passwords, Chinese ones among them, begin with.
var commonPasswords = wordSet(`
0987654321 1029384756 1111122222 1122334455 1123581321 1234512345 1234567891 12345678910 123456789a 123456789q
1234567899 123456abcd 123456qwerty 123qweasdzxc 1314520520 147258369a 1472583690 147852369a 1qaz2wsx3edc 1q2w3e4r5t
1q2w3e4r5t6y 5201314520 5211314521 52013145201314 741852963a 789456123a a123456789 a1234567890 aa123456789 aa12345678
abc123456789 abcd123456 abcd1234567 abcd12345678 abcdefg123 administrator admin12345 admin123456 asd123456789 asdfghjkl1
asdfghjkl123 changeme123 football123 iloveyou123 iloveyou1314 iloveyou520 letmein123 liverpool1 mypassword p@ssw0rd123
password01 password10 password11 password12 password123 password1234 password12345 passw0rd123 q123456789 q1w2e3r4t5
qazwsx123456 qazwsxedc1 qazwsxedc123 qq123456789 qq1234567890 qwe123456789 qwer123456 qwer12345678 qwerasdfzxcv qwerty1234
qwerty12345 qwerty123456 qwertyuiop qwertyuiop1 qwertyuiop123 superman123 temp123456 test123456 testtest123 trustno1234
wang123456 welcome123 welcome1234 welcome12345 woaini1314 woaini13145 woaini1314520 woaini5201314 woaini521 woaiwojia1314
woaiwojia520 wodemima123 xiaoming123 zhang123456 zxc123456789 zxcvbnm123 zxcvbnm1234 zxcvbnm12345 zxcvbnmasd 1234qwerasdf
`)

func wordSet(words string) map[string]bool {
	set := map[string]bool{}
	for word := range strings.FieldsSeq(words) {
		set[word] = true
	}
	return set
}
