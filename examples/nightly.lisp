; A job that survives: kill it at any moment and start it again with the same name.
;
;   polyloom run examples/nightly.lisp --run nightly
;   polyloom runs show nightly
;   polyloom runs forget nightly

(py.import "statistics")
(py.import "time")

(def started (now))                                ; the same when it begins anew
(def days (range 1 6))
(def means (atom []))

(doseq [day days]
  (let [samples (vec (for [_ (range 5)] (rand-int 100)))   ; the same as well
        mean (await (statistics.fmean samples))]           ; recorded: not computed again
    (await (time.sleep 0.2))
    (swap! means conj mean)
    (print "day" day "mean" mean)))

(print "took" (>= (- (now) started) 1000) "a second or more")
(await (once (statistics.median @means)))          ; once: never done twice, whatever dies
