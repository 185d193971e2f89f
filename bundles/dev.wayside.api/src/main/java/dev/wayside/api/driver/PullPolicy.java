// SPDX-License-Identifier: Apache-2.0
package dev.wayside.api.driver;

/** When an image is fetched ({@code imagePullPolicy} in core/v1). */
public enum PullPolicy {
    ALWAYS,
    IF_NOT_PRESENT,
    NEVER
}
