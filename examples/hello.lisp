;; The founding example, then the same on real data: weekly CO2 at Mauna Loa, read with Python's csv, aggregated with numpy.

(py.import "numpy" :as np)
(py.import "csv" :as csv)
(py.import "builtins" :as py)

(print (await (np.sum [1 2 3 4])))

(defn read-rows [path]
  (with [file (py.open path :newline "")]
    (await (py.list (csv.DictReader file)))))

(defn decade [row]
  (* 10 (quot (js/Number (subs (get row "date") 0 4)) 10)))

(defn ppm [row]
  (js/Number (get row "co2")))

(defn summary [rows]
  (let [a (np.array (map ppm rows))]                 ; stays with Python until it is awaited
    (await-all (np.mean a) (a.min) (a.max) (np.std a))))

(defn cell [x width]
  (.padStart (if (number? x) (.toFixed x 1) (str x)) width))

(let [rows (read-rows (str here "/co2-mauna-loa.csv"))
      measured (filter (fn [row] (not= (get row "co2") "")) rows)
      decades (group-by decade measured)]
  (print)
  (print (str "CO2 at Mauna Loa, ppm: " (count measured) " of " (count rows) " weeks measured"))
  (print "decade  weeks     mean   lowest  highest    sd")
  (doseq [[name weeks] (sort-by first decades)]
    (let [[mean lowest highest sd] (summary weeks)]
      (print (str name "s" (cell (str (count weeks)) 8) (cell mean 9) (cell lowest 9) (cell highest 9) (cell sd 6))))))
