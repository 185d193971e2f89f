// SPDX-License-Identifier: Apache-2.0
package dev.wayside.workload;

/** The names under which {@link PodMemory} keeps the failures of steps. */
final class Steps {
    static final String SANDBOX = "sandbox";
    static final String VOLUMES = "volumes";

    private Steps() {}

    /** With the hash in the name, so that a changed spec is tried at once. */
    static String start(String container, String specHash) {
        return "start " + container + " " + specHash;
    }

    /** With the image in the name, so that a changed image is tried at once. */
    static String pull(String container, String image) {
        return "pull " + container + " " + image;
    }
}
