package bulk

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/ymarket-go/chats/internal/sametext"
)

// keyOf is what identifies a row: places in the file change.
func keyOf(kind string, id int64, text string) string {
	sum := sha256.Sum256([]byte(sametext.Fold(text)))
	return fmt.Sprint(kind, " ", id, " ", hex.EncodeToString(sum[:]))
}
