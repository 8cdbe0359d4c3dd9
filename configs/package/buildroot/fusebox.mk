# SPDX-License-Identifier: MIT
################################################################################
#
# fusebox
#
################################################################################

FUSEBOX_SITE = $(BR2_EXTERNAL_FUSEBOX_PATH)/../../..
FUSEBOX_VERSION = $(shell sed -n 's/^VERSION = //p' $(FUSEBOX_SITE)/Makefile)
FUSEBOX_SITE_METHOD = local
FUSEBOX_OVERRIDE_SRCDIR_RSYNC_EXCLUSIONS = --exclude /build
FUSEBOX_LICENSE = MIT
FUSEBOX_LICENSE_FILES = LICENSE

# Its own flags make it small; the target's come behind them. Where the C library is there
# to be shared only, so is it used.
FUSEBOX_MAKE_OPTS = \
	CC="$(TARGET_CC)" \
	STRIP="$(TARGET_STRIP)" \
	CFLAGS="$(TARGET_ABI)" \
	LDFLAGS="$(TARGET_LDFLAGS)" \
	$(if $(BR2_SHARED_LIBS),STATIC=)

define FUSEBOX_BUILD_CMDS
	$(TARGET_MAKE_ENV) $(MAKE) -C $(@D) $(FUSEBOX_MAKE_OPTS) build/fusebox \
		$(if $(BR2_PACKAGE_FUSEBOX_FUSERMOUNT3),build/fusermount3)
endef

# The box cannot be asked for its applets here: it is another machine's.
FUSEBOX_LINKS = \
	usr/bin/fmount usr/bin/fumount usr/bin/fuse-info usr/bin/hellofs usr/bin/passfs \
	usr/sbin/mount.hellofs usr/sbin/mount.fuse.hellofs usr/sbin/mount.passfs usr/sbin/mount.fuse.passfs \
	usr/sbin/umount.fuse \
	$(if $(BR2_PACKAGE_LIBFUSE3),,usr/sbin/mount.fuse3 usr/sbin/mount.fuse)

define FUSEBOX_INSTALL_TARGET_CMDS
	$(INSTALL) -D -m 755 $(@D)/build/fusebox $(TARGET_DIR)/usr/bin/fusebox
	mkdir -p $(TARGET_DIR)/usr/sbin
	$(foreach link,$(FUSEBOX_LINKS), \
		ln -sf ../bin/fusebox $(TARGET_DIR)/$(link)$(sep))
endef

ifeq ($(BR2_PACKAGE_FUSEBOX_FUSERMOUNT3),y)
define FUSEBOX_INSTALL_FUSERMOUNT3
	$(INSTALL) -D -m 4755 $(@D)/build/fusermount3 $(TARGET_DIR)/usr/bin/fusermount3
	ln -sf fusermount3 $(TARGET_DIR)/usr/bin/fusermount
endef
FUSEBOX_POST_INSTALL_TARGET_HOOKS += FUSEBOX_INSTALL_FUSERMOUNT3

define FUSEBOX_PERMISSIONS
	/usr/bin/fusermount3 f 4755 0 0 - - - - -
endef
endif

$(eval $(generic-package))
