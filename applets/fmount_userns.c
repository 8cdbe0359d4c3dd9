/* fmount --userns: mounts with no privilege at all, in a user and a mount namespace
 * of its own, as who the caller is. user_namespaces(7).
 */
#include "fmount.h"
#include "msg.h"
#include "userns.h"

int fmount_userns(void)
{
	const char *object;
	int err = userns_enter(&object);

	if (err && *object == 'u') {
		msg("%s: %s; fmount --check says what forbids it", object, msg_reason(err));
		return 1;
	}
	return err ? msg_errno(1, object, err) : 0;
}
