// SPDX-License-Identifier: Apache-2.0
package dev.wayside.itests.container;

import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** The sets whose bundles {@link InsideFelix} installs; without it, those of every set. */
@Inherited
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.TYPE)
@interface Sets {
    String DOCKER = "docker";
    String PROCESS = "process";

    String[] value() default {DOCKER, PROCESS};
}
