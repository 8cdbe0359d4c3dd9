# SPDX-License-Identifier: MIT
include $(BR2_EXTERNAL_FUSEBOX_PATH)/fusebox.mk
